/// Addresses to `function+offset`, from /proc/kallsyms.
public struct KernelSymbols: Sendable {
  /// A place in the kernel's code.
  public struct Place: Hashable, Sendable {
    public var function: String
    /// Bytes from the function's start.
    public var offset: UInt64
  }

  private var addresses: [UInt64] = []
  private var names: [Range<Int>] = []
  private var text: [UInt8] = []

  /// Reads the running kernel's symbols; some 200,000 lines, so only when first needed.
  /// Empty if kptr_restrict hides the addresses.
  public static func ofRunningKernel() -> KernelSymbols {
    KernelSymbols(kallsyms: (try? [UInt8](reading: "/proc/kallsyms")) ?? [])
  }

  /// Whether /proc/kallsyms shows this process addresses.
  public static var areVisible: Bool {
    // where they are hidden all are zero; per-CPU symbols, the first, may be so anyway
    guard let text = try? String(reading: "/proc/kallsyms") else { return false }
    return text.split(separator: "\n").contains { !$0.hasPrefix("0000000000000000 ") }
  }

  /// Whether the running kernel or a loaded module has a function of that name; its address may be
  /// hidden.
  public static func has(_ function: String) -> Bool {
    guard !function.isEmpty, let text = try? String(reading: "/proc/kallsyms") else { return false }
    return text.contains(" \(function)\n") || text.contains(" \(function)\t")
  }

  /// From text in the format of /proc/kallsyms: `ffffffff81000000 T name`, for symbols of
  /// modules followed by a tab and the module.
  public init(kallsyms text: [UInt8]) {
    var found: [(address: UInt64, name: Range<Int>)] = []
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex(of: 10) ?? text.count
      defer { start = end + 1 }
      guard end - start > 19 else { continue }
      var address: UInt64 = 0
      for digit in text[start..<start + 16] {
        address = address << 4 | UInt64((digit & 15) &+ (digit > 57 ? 9 : 0)) & 15
      }
      let kind = text[start + 17] | 0x20
      guard address != 0, kind == 116 || kind == 119 else { continue }  // t, w
      let name = start + 19
      found.append((address, name..<(text[name..<end].firstIndex(of: 9) ?? end)))
    }
    found.sort { $0.address < $1.address }
    addresses = found.map(\.address)
    names = found.map(\.name)
    self.text = text
  }

  /// The function an address is in; `nil` if symbols are hidden or it precedes all of them.
  public func place(of address: UInt64) -> Place? {
    var low = 0
    var high = addresses.count
    while low < high {
      let middle = (low + high) / 2
      if addresses[middle] <= address { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return nil }
    return Place(
      function: String(decoding: text[names[low - 1]], as: UTF8.self),
      offset: address - addresses[low - 1])
  }
}
