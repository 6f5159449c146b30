# shellcheck shell=bash disable=SC2034
NUMBER=29
TITLE='a server that does not accept: its listen queue is full'
CAUSE=receiver-overloaded
TRACE=(--flow '10.244.1.5,10.244.2.9:8099')
TRACE_NETNS=(node1 node2 client web3)

fault() {
  on web3 "$PYTHON" -I -S -c '
import os, socket, sys, time
listener = socket.create_server(("10.244.2.9", 8099), backlog=1)
if os.fork():
    sys.exit()
os.setsid()
null = os.open(os.devnull, os.O_RDWR)
for standard in (0, 1, 2):
    os.dup2(null, standard)
with open(sys.argv[1], "w") as out:
    out.write(f"{os.getpid()}\n")
time.sleep(600)
' "$STATE/pids/web3-deaf"
}
heal() { stop_server web3-deaf; }
# Two fill the queue (backlog 1, and one more by the kernel's count), the others come too late.
traffic() {
  http 2 client http://10.244.2.9:8099/ &
  sleep 1
  http 4 client http://10.244.2.9:8099/
  wait
}
prove() {
  rose web3 TcpExtListenOverflows
  said -ge 2 'status=000'
}
