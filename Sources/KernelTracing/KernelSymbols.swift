/// Addresses to `function+offset`, from /proc/kallsyms.
public struct KernelSymbols: Sendable {
  /// A place in the kernel's code.
  public struct Place: Hashable, Sendable {
    public var function: String
    /// Bytes from the function's start.
    public var offset: UInt64
  }

  private var addresses: [UInt64] = []
  private var names: [String] = []

  /// Reads the running kernel's symbols; some 200,000 lines, so only when first needed.
  /// Empty if kptr_restrict hides the addresses.
  public static func ofRunningKernel() -> KernelSymbols {
    KernelSymbols(kallsyms: (try? String(reading: "/proc/kallsyms")) ?? "")
  }

  /// From text in the format of /proc/kallsyms.
  public init(kallsyms: String) {
    var found: [(UInt64, Substring)] = []
    var utf8 = kallsyms[...].utf8
    while let end = utf8.firstIndex(of: 10) ?? (utf8.isEmpty ? nil : utf8.endIndex) {
      let line = utf8[..<end]
      utf8 = end < utf8.endIndex ? utf8[utf8.index(after: end)...] : utf8[end...]
      // "ffffffff81000000 T name\t[module]"
      guard line.count > 19, let address = UInt64(Substring(line.prefix(16)), radix: 16),
        address != 0
      else { continue }
      let kind = line[line.index(line.startIndex, offsetBy: 17)]
      guard kind == 84 || kind == 116 || kind == 87 || kind == 119 else { continue }  // T t W w
      let name = line.dropFirst(19).prefix { $0 != 9 }
      found.append((address, Substring(name)))
    }
    found.sort { $0.0 < $1.0 }
    addresses = found.map(\.0)
    names = found.map { String($0.1) }
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
    return Place(function: names[low - 1], offset: address - addresses[low - 1])
  }
}
