# shellcheck shell=bash disable=SC2034
NUMBER=10
TITLE='nothing listens in the backend pod'
CAUSE=port-closed

fault() { stop_server web2; }
heal() { start_web web2; }
traffic() { http 2 client http://10.96.0.62/; }
