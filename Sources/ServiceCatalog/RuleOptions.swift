internal import FlowModel

/// The words behind `-A CHAIN`, understood.
struct RuleOptions {
  private(set) var comment: String?
  private(set) var jump: RuleJump = .none
  private(set) var targetOptions: [String] = []
  private(set) var conditions: [RuleCondition] = []

  private static let standard: Set<String> = ["-s", "-d", "-i", "-o", "-p", "-f", "-4", "-6"]

  mutating func read(_ words: [String]) {
    var at = 0
    var isNegated = false
    while at < words.count {
      let word = words[at]
      let value = at + 1 < words.count ? words[at + 1] : ""
      switch word {
      case "!":
        isNegated = true
        at += 1
        continue
      case "-j", "-g":
        jump = word == "-j" ? .jump(value) : .goto(value)
        targetOptions = Array(words.dropFirst(at + 2))
        return
      case "-m":
        at = readModule(value, words, at + 2)
      case "-f":
        conditions.append(RuleCondition(.fragment, isNegated: isNegated))
        at += 1
      case "-4", "-6":
        at += 1
      default:
        // nft prints `-s ! a` in no version, old legacy ones did
        let late = value == "!" && at + 2 < words.count
        readStandard(word, late ? words[at + 2] : value, isNegated != late)
        at += late ? 3 : 2
      }
      isNegated = false
    }
  }

  private mutating func readStandard(_ word: String, _ value: String, _ isNegated: Bool) {
    let test: RuleTest? =
      switch word {
      case "-s": RuleValues.network(value).map { .address(.source, $0.0, prefix: $0.1) }
      case "-d": RuleValues.network(value).map { .address(.destination, $0.0, prefix: $0.1) }
      case "-i": .interface(.source, value)
      case "-o": .interface(.destination, value)
      case "-p": RuleValues.proto(value).map { .proto($0) }
      default: nil
      }
    if word == "-p", value == "all" { return }
    conditions.append(
      RuleCondition(
        test
          ?? .extension(
            ExtensionMatch(
              module: "",
              options: [.init(isNegated: isNegated, name: word, values: [value])])),
        isNegated: test == nil ? false : isNegated))
  }

  /// Reads the options of one `-m`; returns where the next word stands.
  private mutating func readModule(_ module: String, _ words: [String], _ start: Int) -> Int {
    var at = start
    var options: [ExtensionMatch.Option] = []
    var isNegated = false
    while at < words.count {
      let word = words[at]
      if word == "-m" || word == "-j" || word == "-g" || Self.standard.contains(word) {
        break
      } else if word == "!" {
        // it may belong to the standard option behind it
        if at + 1 < words.count, Self.standard.contains(words[at + 1]) { break }
        isNegated = true
      } else if word.hasPrefix("--") || options.isEmpty {
        options.append(.init(isNegated: isNegated, name: word, values: []))
        isNegated = false
        // a comment may look like an option
        if word == "--comment", at + 1 < words.count {
          at += 1
          options[options.count - 1].values = [words[at]]
        }
      } else {
        options[options.count - 1].values.append(word)
      }
      at += 1
    }
    understand(ExtensionMatch(module: module, options: options))
    return at
  }

  private mutating func understand(_ match: ExtensionMatch) {
    if match.module == "comment" {
      comment = match.value("--comment")
      return
    }
    // options that belong together are left to the matcher as one
    guard ModuleTests.modules.contains(match.module) else {
      conditions.append(RuleCondition(.extension(match)))
      return
    }
    var rest: [ExtensionMatch.Option] = []
    for option in match.options {
      if let test = ModuleTests.test(match.module, option) {
        conditions.append(RuleCondition(test, isNegated: option.isNegated))
      } else {
        rest.append(option)
      }
    }
    if !rest.isEmpty {
      conditions.append(
        RuleCondition(.extension(ExtensionMatch(module: match.module, options: rest))))
    }
  }
}
