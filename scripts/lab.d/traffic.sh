# shellcheck shell=bash
# Clients. Each connection is bounded in time and gives one line that says what the client saw.

# Long enough for two retransmitted SYNs.
CLIENT_TIMEOUT=3.5

# http COUNT FROM URL [CURL-ARGS...]: COUNT connections at the same time.
http() {
  local count=$1 from=$2 url=$3 index targets=()
  shift 3
  for ((index = 0; index < count; index++)); do targets+=(-o /dev/null "$url"); done
  on "$from" curl --silent --no-progress-meter --globoff --noproxy '*' --max-time "$CLIENT_TIMEOUT" \
    --parallel --parallel-immediate --parallel-max 50 \
    --write-out "$from %{local_ip}:%{local_port} %{url} status=%{http_code} pod=%header{x-pod} bytes=%{size_download} seconds=%{time_total} %{errormsg}\n" \
    "$@" "${targets[@]}" || true
}

# http_until FROM URL PATTERN...: rounds of six connections until every pattern has been seen.
# Endpoints are chosen at random, so a fixed count would now and then miss one.
http_until() {
  local from=$1 url=$2 round lines seen='' pattern missing=''
  shift 2
  for ((round = 1; round <= 6; round++)); do
    lines=$(http 6 "$from" "$url")
    printf '%s\n' "$lines"
    seen+=$lines$'\n'
    missing=
    for pattern; do [[ $seen =~ $pattern ]] || missing=$pattern; done
    [[ -n $missing ]] || return 0
  done
  say "no connection matched '$missing' in $((round - 1)) rounds"
}

# dns FROM NAME TYPE: one question to kube-dns over UDP.
dns() {
  local output line status='no answer' answers='' latency=''
  output=$(on "$1" dig @10.96.0.10 "$2" "$3" +tries=2 +timeout=2 +noall +comments +answer +stats) ||
    true
  while read -r line; do
    case $line in
      *'status: '*) status=${line#*status: } status=${status%%,*} ;;
      ';; Query time: '*) latency=${line#;; Query time: } ;;
      ';'* | '') ;;
      *) answers+=" ${line##*[[:space:]]}" ;;
    esac
  done <<<"$output"
  printf '%s dns 10.96.0.10 %s %s status=%s answers=%s %s\n' \
    "$1" "$2" "$3" "$status" "${answers# }" "${latency:+time=$latency}"
}

# forget_paths POD...: drop learned path MTUs and TCP metrics, so that a run meets the path anew.
forget_paths() {
  local pod
  for pod; do
    printf 'route flush cache\ntcp_metrics flush\n' | ipn "$pod" -batch -
    ipn "$pod" -6 route flush cache
  done
}
