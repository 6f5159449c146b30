import ArgumentParser
import Diagnosis
import Export
import KernelTracing

extension CompletionKind {
  /// Names of protocols.
  static var protocols: CompletionKind { .list(["tcp", "udp", "sctp", "icmp", "icmpv6"]) }

  /// How netfilter can be watched.
  static var backends: CompletionKind { .list(["auto"] + Backend.allCases.map(\.rawValue)) }

  /// Named network namespaces of the node, and all of them.
  static var namespaces: CompletionKind { .shellCommand("echo all; ls /run/netns 2>/dev/null") }

  /// Devices of the current namespace.
  static var interfaces: CompletionKind { .shellCommand("ls /sys/class/net") }

  /// What a connection can have failed of.
  static var causes: CompletionKind { .list(FlowFilter.knownCauses) }

  /// What a recording can be turned into.
  static var formats: CompletionKind { .list(ExportFormat.allCases.map(\.rawValue)) }
}
