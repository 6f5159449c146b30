import FlowModel
import Glibc
import KernelTracing

var o = TraceOptions()
var args = Array(CommandLine.arguments.dropFirst())
for a in args {
  if a.hasPrefix("n=") { o.namespaces.append(try NetworkNamespace.named(String(a.dropFirst(2)))) }
  if a.hasPrefix("b=") { o.backend = Backend(rawValue: String(a.dropFirst(2))) }
  if a.hasPrefix("s="), let x = Address(a.dropFirst(2)) { o.matches.sides.insert(.init(address: x)) }
}
let t = try Tracer(o)

print("tracing", t.backend, t.missingFunctions)
let r = DropReasons.ofRunningKernel()
fflush(nil); var base: UInt64 = 0
var sec = 0
while sec < 80 {
  try t.poll(milliseconds: 100) { e in
    if base == 0 { base = e.time }
    var s = "\((e.time - base) / 1000)us ns=\(e.netns % 10000) if=\(e.interface)/\(e.outInterface) \(e.hook) \(e.netfilterHook.map { "\($0)" } ?? "") \(e.table) \(e.tuple) \(e.tcpFlags) len=\(e.length) pl=\(e.payload) id=\(e.ipID) mtu=\(e.mtu) skb=\(String(e.skb & 0xffffff, radix: 16))"
    if let c = e.conntrack { s += " CT[\(c.original) | \(c.reply) \(c.isReply)]" }
    if case .tunnel(let outer, let vni) = e.carrier { s += " VXLAN \(outer) \(vni)" }
    if case .icmpError(let outer) = e.carrier { s += " ICMPERR \(outer) \(e.icmpType)/\(e.icmpCode)" }
    if e.hook == .drop { s += " DROP \(r.name(of: e.dropReason)) at \(String(e.location, radix: 16))" }
    print(s); fflush(nil)
  }
  sec += 1
}
print("lost", t.eventsLost)
