internal import CLibbpf
internal import FlowModel
internal import Glibc

/// The consumer's side of the ring buffer.
@safe struct RingBuffer: ~Copyable {
  /// Where the callback, which captures nothing, puts what it gets.
  private final class Sink {
    var events: [Event] = []
    /// By the index of their events.
    var payloads: [Int: [UInt8]] = [:]
    var undecodable = 0
    /// The last reading took a batch and may have left some.
    var hasMore = false
  }

  /// Records of one reading, at most.
  private static let batch = 16384

  private let ring: OpaquePointer
  private let wakeups: OwnedDescriptor
  private let sink: Sink

  /// On a loaded ring buffer map.
  init(map descriptor: Int32) throws(TracingError) {
    let sink = Sink()
    let wakeups = try OwnedDescriptor(
      kft_wakeups(descriptor), orThrow: "cannot wait for the ring buffer")
    let context = unsafe Unmanaged.passUnretained(sink).toOpaque()
    let created = unsafe ring_buffer__new(
      descriptor,
      { context, data, size in
        guard let context = unsafe context else { return 0 }
        let sink = unsafe Unmanaged<Sink>.fromOpaque(context).takeUnretainedValue()
        let record = unsafe UnsafeRawBufferPointer(start: data, count: size)
        if let event = unsafe Event(record: record) {
          if let payload = unsafe Event.payload(record: record) {
            sink.payloads[sink.events.count] = payload
          }
          sink.events.append(event)
        } else {
          sink.undecodable += 1
        }
        return sink.events.count >= RingBuffer.batch ? -EAGAIN : 0
      }, context, nil)
    guard let created = unsafe created else {
      throw .errno("cannot map the ring buffer", Glibc.errno)
    }
    unsafe ring = created
    self.wakeups = wakeups
    self.sink = sink
    sink.events.reserveCapacity(Self.batch)
  }

  deinit { unsafe ring_buffer__free(ring) }

  /// Waits, unless the last reading left some, and hands over the events that are there, in order, with
  /// their payload if they have one.
  ///
  /// The programs wake the reader when an eighth of the buffer is full, not for every event, which
  /// would cost the traffic more than the event itself; so others are as late as the caller waits.
  func poll(milliseconds: Int32, _ body: (Event, [UInt8]?) -> Void) throws(TracingError) {
    if milliseconds > 0, !sink.hasMore { kft_await_wakeup(wakeups.raw, milliseconds) }
    let n = unsafe ring_buffer__consume(ring)
    guard n >= 0 || n == -EAGAIN else { throw .errno("cannot read the ring buffer", -n) }
    sink.hasMore = n == -EAGAIN
    for (i, event) in sink.events.enumerated() {
      body(event, sink.payloads.isEmpty ? nil : sink.payloads[i])
    }
    sink.events.removeAll(keepingCapacity: true)
    sink.payloads.removeAll(keepingCapacity: true)
  }
}
