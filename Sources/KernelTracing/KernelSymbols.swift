internal import Privileges

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
    let raised = Privilege.raise()
    defer { raised.end() }
    return KernelSymbols(kallsyms: (try? [UInt8](reading: "/proc/kallsyms")) ?? [])
  }

  /// Whether /proc/kallsyms shows this process addresses.
  public static var areVisible: Bool {
    let raised = Privilege.raise()
    defer { raised.end() }
    // where they are hidden all are zero; per-CPU symbols, the first, may be so anyway
    guard let text = try? String(reading: "/proc/kallsyms") else { return false }
    return text.split(separator: "\n").contains { !$0.hasPrefix("0000000000000000 ") }
  }

  /// A function's whereabouts.
  public struct Function: Hashable, Sendable {
    /// The loaded module it is in; `nil` in the kernel itself.
    public var module: String?
  }

  /// The function of that name in the running kernel or a loaded module, whether or not its address
  /// is shown; copies with a compiler's suffix (`name.isra.0`) count.
  public static func find(_ function: String) -> Function? {
    find(function, kallsyms: (try? [UInt8](reading: "/proc/kallsyms")) ?? [])
  }

  /// The same in text in the format of /proc/kallsyms.
  public static func find(_ function: String, kallsyms text: [UInt8]) -> Function? {
    let name = Array(function.utf8)
    guard !name.isEmpty else { return nil }
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex(of: 10) ?? text.count
      defer { start = end + 1 }
      let begin = start + 19
      guard end - begin >= name.count, text[begin] == name[0] else { continue }
      let kind = text[start + 17] | 0x20
      guard kind == 116 || kind == 119, text[begin..<begin + name.count].elementsEqual(name) else {
        continue
      }
      let rest = text[(begin + name.count)..<end]
      guard rest.isEmpty || rest.first == 9 || rest.first == 46 else { continue }  // tab, dot
      guard let tab = rest.firstIndex(of: 9) else { return Function(module: nil) }
      let module = String(decoding: rest[(tab + 1)...], as: UTF8.self)
      return Function(module: String(module.drop { $0 == "[" }.prefix { $0 != "]" }))
    }
    return nil
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
