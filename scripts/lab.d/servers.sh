# shellcheck shell=bash
# The servers in the pods. Their process numbers are in $STATE/pids; nothing else is ever ended.

# start_web POD: returns once the server answers in its own pod.
start_web() {
  on "$1" "$PYTHON" -I -S "$LAB_DIR/http-server.py" "web-${1#web}" "$STATE/pids/$1"
}

# start_dns: dnsmasq goes into the background once its sockets are bound.
start_dns() {
  on dns dnsmasq --conf-file=/dev/null --no-resolv --no-hosts --no-poll --user=root --group=root \
    --local=/cluster.local/ --pid-file="$STATE/pids/dns" \
    --host-record=kubernetes.default.svc.cluster.local,10.96.0.1 \
    --host-record=web.default.svc.cluster.local,10.96.0.50,fd00:10:96::50 \
    --host-record=web-local.default.svc.cluster.local,10.96.0.61,fd00:10:96::61 \
    --host-record=web-remote.default.svc.cluster.local,10.96.0.62,fd00:10:96::62 \
    --host-record=api.example.com,203.0.113.7,2001:db8::7
  # A question to the server itself, so that `up` ends only when it answers.
  on dns dig @127.0.0.1 +short +tries=5 +timeout=2 web.default.svc.cluster.local |
    grep -qx 10.96.0.50
}

start_servers() {
  local pod job jobs=()
  for pod in web1 web2 web3; do
    start_web "$pod" &
    jobs+=($!)
  done
  start_dns &
  jobs+=($!)
  for job in "${jobs[@]}"; do wait "$job" || return 1; done
}

# server_pid NAME: of POD's server, or of another one in it, POD-WHAT. Sets SERVER_PID; fails unless the recorded process lives in the pod's namespace,
# so that a number that was given to someone else meanwhile is never taken for ours.
server_pid() {
  [[ -r $STATE/pids/$1 ]] && read -r SERVER_PID <"$STATE/pids/$1" &&
    [[ /proc/$SERVER_PID/ns/net -ef /run/netns/$PREFIX-${1%%-*} ]]
}

# stop_server NAME: end it and wait until it is gone, at most two seconds before insisting.
# Gone means out of its namespace: a process nobody has reaped yet still has a number.
stop_server() {
  local tries
  for ((tries = 0; tries < 80; tries++)); do
    server_pid "$1" || break
    case $tries in
      0) kill "$SERVER_PID" 2>/dev/null || true ;;
      40) kill -KILL "$SERVER_PID" 2>/dev/null || true ;;
    esac
    sleep 0.05
  done
  rm -f "$STATE/pids/$1"
}

stop_servers() {
  local file
  # All at once first; stop_server then finds most of them gone.
  for file in "$STATE"/pids/*; do
    ! server_pid "${file##*/}" || kill "$SERVER_PID" 2>/dev/null || true
  done
  for file in "$STATE"/pids/*; do stop_server "${file##*/}"; done
}
