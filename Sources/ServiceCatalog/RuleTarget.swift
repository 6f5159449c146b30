/// What a rule does with a packet that matches it.
enum RuleAction {
  case pass
  case setMark(xor: UInt32, mask: UInt32)
  /// Sets a mark that is not in the rule.
  case loseMark
  case accept
  case drop
  case reject(String)
  case leave
  case call(RuleChain)
  case goto(RuleChain)
  /// May drop or pass for reasons of its own.
  case undecided(String)
}

extension Rule {
  private static let passing: Set<String> = [
    "LOG", "NFLOG", "ULOG", "CT", "NOTRACK", "TRACE", "TCPMSS", "TOS", "DSCP", "TTL", "HL",
    "CLASSIFY", "SET", "CHECKSUM", "SECMARK", "CONNSECMARK", "TEE", "AUDIT", "HMARK",
    "IDLETIMER", "LED", "RATEEST", "TCPOPTSTRIP", "ECN", "NFACCT",
  ]
  private static let accepting: Set<String> = [
    "ACCEPT", "DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP",
  ]

  /// What it does, with the chains of its table at hand.
  func action(_ chains: [String: RuleChain]) -> RuleAction {
    switch jump {
    case .none: return .pass
    case .goto(let name):
      return chains[name].map { .goto($0) } ?? .undecided("the chain \(name) is not known here")
    case .jump(let name):
      if Self.accepting.contains(name) { return .accept }
      if name == "DROP" { return .drop }
      if name == "RETURN" { return .leave }
      if let chain = chains[name] { return .call(chain) }
      return extensionAction(name)
    }
  }

  private func extensionAction(_ name: String) -> RuleAction {
    switch name {
    case "REJECT": .reject(targetOption("--reject-with") ?? "")
    case "MARK": markAction()
    case "CONNMARK": targetOptions.contains("--restore-mark") ? .loseMark : .pass
    case "NFQUEUE", "QUEUE": .undecided("a program in userspace decides at \(name)")
    case "TPROXY": .undecided("TPROXY drops what has no socket")
    case "SYNPROXY": .undecided("SYNPROXY answers in the server's place")
    case _ where Self.passing.contains(name): .pass
    default: .undecided("the target \(name) is not known here")
    }
  }

  private func markAction() -> RuleAction {
    for (option, text) in zip(targetOptions, targetOptions.dropFirst()) {
      guard let (value, mask) = RuleValues.mark(text) else { continue }
      switch option {
      case "--set-xmark": return .setMark(xor: value, mask: mask)
      case "--set-mark": return .setMark(xor: value, mask: mask | value)
      case "--and-mark": return .setMark(xor: 0, mask: ~value)
      case "--or-mark": return .setMark(xor: value, mask: value)
      case "--xor-mark": return .setMark(xor: value, mask: 0)
      default: continue
      }
    }
    return .loseMark
  }
}
