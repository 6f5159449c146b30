# shellcheck shell=bash
# Scenarios: one file each in scenarios/, which sets
#   NUMBER TITLE CAUSE    the row of `lab list`; CAUSE is diagnosis.cause in JSON, or none
#   TRACE                 kflowtrace's arguments beside --netns; default: --svc 10.96.0.62
#   TRACE_NETNS           the namespaces to trace; default: both nodes and the pods taking part
#   CAPTURES              for its proof: "NAMESPACE DEVICE FILTER" each, see proof.sh
#   MODE                  kube-proxy's mode it is about; default: any but ipvs
#   OVERLAY_WANTED        the overlay it is about; default: vxlan
#   NEEDS                 modules of the kernel that it can't do without, beyond those of any lab
# and defines fault, heal and traffic. Healthy ones leave fault and heal as they are. `prove`, if
# there, asks others than kflowtrace whether it failed that way.

# load_scenario NAME
load_scenario() {
  local file=$LAB_DIR/scenarios/$1.sh
  [[ $1 =~ ^[a-z0-9-]+$ && -r $file ]] || die "no scenario '$1'; see: lab list"
  NUMBER=0 TITLE='' CAUSE=none
  TRACE=(--svc 10.96.0.62)
  TRACE_NETNS=(node1 node2 client web2)
  MODE='' OVERLAY_WANTED=$DEFAULT_OVERLAY
  NEEDS=()
  # shellcheck disable=SC2034 # for the proof
  CAPTURES=()
  unset -f prove
  fault() { :; }
  heal() { :; }
  # shellcheck disable=SC2317 # the default, replaced by most scenarios
  traffic() { http 1 client http://10.96.0.62/; }
  # shellcheck source=/dev/null
  . "$file"
}

# kernel_has MODULE: loaded, built in, or to be had.
kernel_has() {
  [[ -d /sys/module/$1 ]] || modprobe -qn "$1" 2>/dev/null
}

# missing_modules MODULE...: those that this kernel has not.
missing_modules() {
  local module
  for module; do kernel_has "$module" || printf '%s ' "$module"; done
}

# needs_of MODE OVERLAY: sets SETUP_NEEDS to the modules that such a lab can't do without, beyond
# those of any.
needs_of() {
  SETUP_NEEDS=()
  case $1 in
    iptables-nft | iptables-legacy | nftables | '') ;;
    ipvs) SETUP_NEEDS=(ip_vs) ;;
    *) die "no such mode: $1; there are iptables-nft, iptables-legacy, nftables and ipvs" ;;
  esac
  case $2 in
    geneve | ipip) SETUP_NEEDS+=("$2") ;;
    *) (use_overlay "$2") || exit 1 ;;
  esac
}

# check_setup MODE OVERLAY: ends with one line unless such a lab can be built here.
check_setup() {
  local missing
  needs_of "$1" "$2"
  missing=$(missing_modules "${SETUP_NEEDS[@]}")
  [[ -z $missing ]] ||
    die "mode $1 with overlay $2 can't be had on this kernel, which has no ${missing% };" \
      "run it in scripts/vm 6.1 or 6.12"
  [[ $1 != ipvs ]] || need ipvsadm ipset
}

list_scenarios() {
  local file name rows='' missing mark
  printf '%-4s%-28s%-24s%s\n' '#' NAME CAUSE 'WHAT FAILS'
  for file in "$LAB_DIR"/scenarios/*.sh; do
    name=${file##*/} name=${name%.sh}
    load_scenario "$name"
    needs_of "$MODE" "$OVERLAY_WANTED"
    missing=$(missing_modules "${SETUP_NEEDS[@]}" "${NEEDS[@]}") mark=''
    [[ -z $missing ]] || mark=" [not here: this kernel has no ${missing% }]"
    rows+=$(printf '%-4s%-28s%-24s%s%s' "$NUMBER" "$name" "$CAUSE" "$TITLE" "$mark")$'\n'
  done
  sort -n -s -k1,1 <<<"${rows%$'\n'}"
}

# check_kernel NAME: ends with one line unless the loaded scenario can run here.
check_kernel() {
  local missing
  needs_of "$MODE" "$OVERLAY_WANTED"
  missing=$(missing_modules "${SETUP_NEEDS[@]}" "${NEEDS[@]}")
  [[ -z $missing ]] ||
    die "$1 can't run on this kernel, which has no ${missing% }; run it in scripts/vm 6.1 or 6.12"
}

# ensure_up_for NAME: the loaded scenario can run here, and the lab is up in a mode and with an
# overlay it can run in. What was built for one scenario does not decide for the next.
ensure_up_for() {
  local mode=${MODE:-$DEFAULT_MODE}
  check_kernel "$1"
  if [[ -z $MODE && -r $STATE/mode && ! -e $STATE/for ]]; then mode=$(proxy_mode); fi
  [[ -n $MODE || $mode != ipvs ]] || mode=$DEFAULT_MODE
  ensure_up "$mode" "$OVERLAY_WANTED"
  [[ -z $MODE ]] || echo "$1" >"$STATE/for"
}

active_fault() {
  [[ -r $STATE/fault ]] && read -r ACTIVE_FAULT <"$STATE/fault"
}

apply_fault() {
  lab_is_up || die "the lab is not up; run: lab up"
  ! active_fault || die "$ACTIVE_FAULT is applied; run: lab heal $ACTIVE_FAULT"
  load_scenario "$1"
  check_kernel "$1"
  [[ $(proxy_mode) == "${MODE:-$(proxy_mode)}" && $(overlay) == "$OVERLAY_WANTED" ]] ||
    die "the lab is up otherwise; run: lab up${MODE:+ --mode $MODE} --overlay $OVERLAY_WANTED"
  echo "$1" >"$STATE/fault"
  # Called bare: left of `||` or in a test, bash would run past its first failing command.
  at_exit say "the fault could not be applied; 'lab up' rebuilds the lab"
  fault
  not_at_exit
}

heal_fault() {
  lab_is_up || die "the lab is not up; run: lab up"
  if ! active_fault || [[ $ACTIVE_FAULT != "$1" ]]; then
    say "$1 is not applied; nothing to heal"
    return 0
  fi
  load_scenario "$1"
  at_exit say "the fault could not be undone; 'lab up' rebuilds the lab"
  heal
  not_at_exit
  rm -f "$STATE/fault"
}

make_traffic() {
  lab_is_up || die "the lab is not up; run: lab up"
  load_scenario "$1"
  traffic
}

# find_kflowtrace: sets KFLOWTRACE to the tracer to run.
find_kflowtrace() {
  local root=$LAB_DIR/../.. candidate
  if [[ -n ${KFLOWTRACE:-} ]]; then
    command -v "$KFLOWTRACE" >/dev/null || die "\$KFLOWTRACE is not a command: $KFLOWTRACE"
    return
  fi
  for candidate in "$root/.build/release/kflowtrace" "$root/.build/debug/kflowtrace" kflowtrace; do
    if command -v "$candidate" >/dev/null; then
      KFLOWTRACE=$candidate
      return
    fi
  done
  die "kflowtrace is not built: run 'swift build -c release', or set KFLOWTRACE"
}

TRACER_PID=
RELAY_PID=
RUN_DIR=

# run_scenario NAME [KFLOWTRACE-ARGS...]: the whole demo. Returns the tracer's exit status.
run_scenario() {
  local name=$1 arguments=() netns status=0
  shift
  find_kflowtrace
  load_scenario "$name"
  ensure_up_for "$name"
  for netns in "${TRACE_NETNS[@]}"; do arguments+=(--netns "$PREFIX-$netns"); done
  at_exit end_run
  apply_fault "$name"
  start_tracer "${arguments[@]}" "${TRACE[@]}" "$@"
  traffic | sed 's/^/traffic: /' >&2
  sleep "${KFT_LAB_DRAIN:-0.5}"
  stop_tracer || status=$?
  return "$status"
}

# start_tracer ARGS...: returns once the tracer has said on stderr that it is tracing.
start_tracer() {
  local line deadline=$((SECONDS + ${KFT_LAB_READY_TIMEOUT:-60}))
  RUN_DIR=$(mktemp -d "$STATE/run.XXXXXX")
  mkfifo "$RUN_DIR/stderr"
  set -m # a process group of its own; without job control it would be born ignoring SIGINT
  "$KFLOWTRACE" "$@" 2>"$RUN_DIR/stderr" &
  set +m
  TRACER_PID=$!
  exec {TRACER_STDERR}<"$RUN_DIR/stderr"
  while ((SECONDS < deadline)); do
    # It fails at the end of the file, when the tracer has ended, or when the time is up.
    IFS= read -r -t $((deadline - SECONDS)) -u "$TRACER_STDERR" line || break
    printf '%s\n' "$line" >&2
    if [[ $line == *tracing* ]]; then
      cat <&"$TRACER_STDERR" >&2 &
      RELAY_PID=$!
      return 0
    fi
  done
  die "the tracer did not get ready: $KFLOWTRACE $*"
}

# stop_tracer: SIGINT as a person would send it; insists after KFT_LAB_STOP_TIMEOUT seconds.
stop_tracer() {
  local pid=$TRACER_PID status=0 deadline=$((SECONDS + ${KFT_LAB_STOP_TIMEOUT:-20}))
  TRACER_PID=
  kill -INT "$pid" 2>/dev/null || true
  while kill -0 "$pid" 2>/dev/null; do
    if ((SECONDS >= deadline)); then
      say "the tracer does not stop; killing it"
      kill -KILL "$pid" 2>/dev/null || true
    fi
    sleep 0.1
  done
  wait "$pid" || status=$?
  [[ -z $RELAY_PID ]] || wait "$RELAY_PID" || true # the rest of its stderr
  return "$status"
}

end_run() {
  [[ -z $TRACER_PID ]] || stop_tracer
  [[ -z $RUN_DIR ]] || rm -rf "$RUN_DIR"
  if active_fault; then "$LAB_DIR/../lab" heal "$ACTIVE_FAULT"; fi
}
