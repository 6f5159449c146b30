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
  }

  private let ring: OpaquePointer
  private let sink = Sink()

  /// On a loaded ring buffer map.
  init(map descriptor: Int32) throws(TracingError) {
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
        return sink.events.count >= 16384 ? -EAGAIN : 0
      }, context, nil)
    guard let created = unsafe created else {
      throw .errno("cannot map the ring buffer", Glibc.errno)
    }
    unsafe ring = created
    sink.events.reserveCapacity(16384)
  }

  deinit { unsafe ring_buffer__free(ring) }

  /// Waits for events and hands over those that are there, in order, with their payload if they have
  /// one.
  func poll(milliseconds: Int32, _ body: (Event, [UInt8]?) -> Void) throws(TracingError) {
    let n = unsafe ring_buffer__poll(ring, milliseconds)
    guard n >= 0 || n == -EINTR || n == -EAGAIN else {
      throw .errno("cannot read the ring buffer", -n)
    }
    for (i, event) in sink.events.enumerated() {
      body(event, sink.payloads.isEmpty ? nil : sink.payloads[i])
    }
    sink.events.removeAll(keepingCapacity: true)
    sink.payloads.removeAll(keepingCapacity: true)
  }
}
