internal import FlowModel

/// What a flow's packets add up to, and what TCP said in them.
struct PacketCounts {
  private(set) var packets = (original: 0, reply: 0)
  private(set) var bytes = (original: 0, reply: 0)
  private(set) var syns = 0
  var retransmissions = 0
  /// Sequence number of the first SYN.
  private(set) var initialSequence: UInt32?
  private var isEstablished = false
  private var hasReset = false
  private var isResetByServer = false
  private var finOriginal = false
  private var finReply = false

  /// A packet that was not seen before.
  mutating func add(_ event: Event, isReply: Bool) {
    if event.isICMPError { return }
    if isReply {
      packets.reply += 1
      bytes.reply += Int(event.payload)
    } else {
      packets.original += 1
      bytes.original += Int(event.payload)
    }
    guard event.tuple.proto == .tcp else { return }
    let flags = event.tcpFlags
    if flags == .syn {
      syns += 1
      if initialSequence == nil { initialSequence = event.sequence }
    }
    if flags.contains(.rst) {
      hasReset = true
      if isReply { isResetByServer = true }
    }
    if flags.contains(.fin) {
      if isReply { finReply = true } else { finOriginal = true }
    }
    if flags.contains([.syn, .ack]) || (isReply && event.payload > 0) {
      isEstablished = true
    }
  }

  /// Those of what turned out to be the same flow, earlier.
  mutating func add(_ other: PacketCounts) {
    packets.original += other.packets.original
    packets.reply += other.packets.reply
    bytes.original += other.bytes.original
    bytes.reply += other.bytes.reply
    syns += other.syns
    retransmissions += other.retransmissions
    initialSequence = initialSequence ?? other.initialSequence
    isEstablished = isEstablished || other.isEstablished
    hasReset = hasReset || other.hasReset
    isResetByServer = isResetByServer || other.isResetByServer
    finOriginal = finOriginal || other.finOriginal
    finReply = finReply || other.finReply
  }

  /// How far they got.
  func state(of proto: IPProtocol) -> FlowState {
    guard packets.reply > 0 else { return .noAnswer }
    guard proto == .tcp else { return .completed }
    // what comes after both have closed changes nothing, nor does a client that is gone when the
    // server has said all it had to say
    if finReply, finOriginal || hasReset && !isResetByServer { return .completed }
    if hasReset { return isEstablished ? .reset : .refused }
    return .open
  }
}
