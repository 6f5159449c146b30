# shellcheck shell=bash
# Someone else's word that a scenario fails as it says: what tcpdump, nstat, conntrack -S and other
# counters saw between the fault and the end of the traffic. A scenario's `prove` calls what is
# below; each prints one line, and PROVED is 0 once one of them did not hold.

PROOF_DIR=
PROVED=1
CAPTURE_PIDS=()

# start_proof: counters as they are, and the captures that CAPTURES asks for, each one
# "NAMESPACE DEVICE FILTER...".
start_proof() {
  local capture
  PROOF_DIR=$(mktemp -d "$STATE/proof.XXXXXX")
  count_everything "$PROOF_DIR/before"
  for capture in "${CAPTURES[@]}"; do
    # shellcheck disable=SC2086 # the words of a capture
    start_capture $capture
  done
}

# count_everything DIRECTORY: nstat of every namespace, the nodes' conntrack and NAT rules.
count_everything() {
  local name job jobs=()
  mkdir -p "$1"
  for name in "${NAMESPACES[@]}"; do
    on "$name" nstat -asz >"$1/$name.nstat" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job"; done
  for name in "${NODES[@]}"; do
    on "$name" conntrack -S >"$1/$name.conntrack"
    iptables_on "$name" -t nat -nvxL >"$1/$name.nat"
  done
}

# start_capture NAMESPACE DEVICE FILTER...: returns once tcpdump listens.
start_capture() {
  local file=$PROOF_DIR/$1.$2 pid tries
  # exec: the job is tcpdump itself
  (exec nsenter --net="/run/netns/$PREFIX-$1" -- tcpdump -Z root -U --immediate-mode -n -s 200 \
    -i "$2" -w "$file.pcap" "${*:3}" 2>"$file.log") &
  pid=$!
  CAPTURE_PIDS+=("$pid")
  for ((tries = 0; tries < 600; tries++)); do
    ! grep -q '^tcpdump: listening' "$file.log" 2>/dev/null || return 0
    kill -0 "$pid" 2>/dev/null || break
    sleep 0.05
  done
  die "tcpdump on $2 of $1: $(tail -n 1 "$file.log")"
}

# stop_captures: what is still in flight first.
stop_captures() {
  local pid
  ((${#CAPTURE_PIDS[@]} > 0)) || return 0
  sleep 0.3
  # a background job of a script ignores SIGINT
  for pid in "${CAPTURE_PIDS[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  for pid in "${CAPTURE_PIDS[@]}"; do wait "$pid" || true; done
  CAPTURE_PIDS=()
}

end_proof() {
  stop_captures
  [[ -z $PROOF_DIR ]] || rm -rf "$PROOF_DIR"
}

# expect NUMBER COMPARISON NUMBER WORDS...: the line, and whether it holds: -ge, -eq, ...
expect() {
  local verdict=yes
  test "$1" "$2" "$3" || { verdict=NO PROVED=0; }
  printf 'proof: %-3s %s: %s (wanted %s %s)\n' "$verdict" "${*:4}" "$1" "${2#-}" "$3"
}

# counter FILE NAME: of nstat's output, 0 if it is not there.
counter() { awk -v name="$2" '$1 == name { value = $2 } END { print value + 0 }' "$1"; }

# increase NAMESPACE COUNTER: by how much a counter of nstat has grown.
increase() {
  local before after
  before=$(counter "$PROOF_DIR/before/$1.nstat" "$2")
  after=$(counter "$PROOF_DIR/after/$1.nstat" "$2")
  echo $((after - before))
}

# rose NAMESPACE COUNTER [AT-LEAST]
rose() { expect "$(increase "$1" "$2")" -ge "${3:-1}" "nstat $2 in $1"; }

# conntrack_rose NODE COUNTER [AT-LEAST]: one of conntrack -S has grown, over all processors.
conntrack_rose() {
  local file values=()
  for file in before after; do
    values+=("$(grep -o "\b$2=[0-9]*" "$PROOF_DIR/$file/$1.conntrack" |
      awk -F= '{ sum += $2 } END { print sum + 0 }')")
  done
  expect $((values[1] - values[0])) -ge "${3:-1}" "conntrack -S $2 in $1"
}

# captured NAMESPACE DEVICE COMPARISON NUMBER FILTER...: packets in a capture.
captured() {
  local count
  count=$(tcpdump -n -r "$PROOF_DIR/$1.$2.pcap" "${*:5}" 2>/dev/null | wc -l)
  expect "$count" "$3" "$4" "tcpdump $2 in $1, ${*:5}"
}

# seen NAMESPACE DEVICE COMPARISON NUMBER PATTERN [FILTER...]: lines of tcpdump -v with a pattern.
seen() {
  local count
  count=$(tcpdump -nvv -r "$PROOF_DIR/$1.$2.pcap" "${*:6}" 2>/dev/null | grep -cE -- "$5") || true
  expect "$count" "$3" "$4" "tcpdump $2 in $1, $5"
}

# said COMPARISON NUMBER PATTERN: lines of the traffic.
said() {
  local count
  count=$(grep -cE -- "$3" "$PROOF_DIR/traffic") || true
  expect "$count" "$1" "$2" "clients said $3"
}

# rule_hit NODE CHAIN PATTERN [AT-LEAST]: packets counted by the rules of a filter chain.
rule_hit() {
  local count
  count=$(iptables_on "$1" -t filter -nvxL "$2" | grep -E -- "$3" |
    awk '{ sum += $1 } END { print sum + 0 }') || true
  expect "$count" -ge "${4:-1}" "packets of rule $3 in $2 of $1"
}

# translated NODE ENDPOINT [AT-LEAST]: packets that the DNAT rules to an endpoint have counted.
translated() {
  local file values=()
  for file in before after; do
    values+=("$(awk -v to="to:$2" '$NF == to { sum += $1 } END { print sum + 0 }' \
      "$PROOF_DIR/$file/$1.nat")")
  done
  expect $((values[1] - values[0])) -ge "${3:-1}" "packets of the DNAT rules to $2 in $1"
}

# queue_dropped NAMESPACE DEVICE KIND [AT-LEAST]: tc's own count for a queueing discipline.
queue_dropped() {
  local count
  count=$(on "$1" tc -s qdisc show dev "$2" | awk -v kind="$3" '
    $1 == "qdisc" { mine = $2 == kind }
    mine && match($0, /dropped [0-9]+/) { sum += substr($0, RSTART + 8, RLENGTH - 8) }
    END { print sum + 0 }')
  expect "$count" -ge "${4:-1}" "tc -s qdisc $3 on $2 of $1, dropped"
}

# prove_scenario NAME: fault, traffic, proof, heal. Fails unless it failed as it says.
prove_scenario() {
  local name=$1
  load_scenario "$name"
  declare -F prove >/dev/null || die "$name has no proof"
  need tcpdump nstat conntrack
  ensure_up_for "$name"
  at_exit end_run
  at_exit end_proof
  start_proof
  apply_fault "$name"
  traffic | tee "$PROOF_DIR/traffic" | sed 's/^/traffic: /'
  stop_captures
  count_everything "$PROOF_DIR/after"
  prove
  ((PROVED)) || die "$name did not fail as it says"
}
