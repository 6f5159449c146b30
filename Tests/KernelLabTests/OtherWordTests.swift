import Foundation
import Glibc
import Testing

extension LabTests {
  /// What we report against what others see of the same packets.
  @Suite(.serialized) struct OtherWord {
    @Test("NAT tuples are those of conntrack's table") func conntrack() throws {
      try Lab.lab("up")
      try Lab.inside("node1", "conntrack", "-F")
      let trace = try Lab.trace(["--svc", "10.96.0.50"] + Lab.netns("node1", "client")) {
        for _ in 0..<4 {
          let curl = try Lab.inside("client", "curl", "-sS", "-m", "10", "http://10.96.0.50/")
          #expect(curl.status == 0, "\(curl.errors)")
        }
      }
      let table = try Lab.inside("node1", "conntrack", "-L", "-p", "tcp").output
      let entries = Set(table.split(separator: "\n").compactMap(Self.tuples))
      // not what servers of earlier scenarios still send
      let flows = trace.flows.filter { $0.isSeen(from: "kft-client") }
      #expect(flows.count == 4)
      for flow in flows {
        let reply = try #require(flow.reply)
        let ours = Self.text(flow.original) + " " + Self.text(reply)
        #expect(entries.contains(ours), "\(ours) is not in \(entries)")
      }
    }

    private static func text(_ pair: FlowLine.Pair) -> String {
      "\(pair.source.address) \(pair.destination.address) \(pair.source.port) "
        + "\(pair.destination.port)"
    }

    /// `src=… dst=… sport=… dport=…`, twice a line: original and reply.
    private static func tuples(_ line: Substring) -> String? {
      var values: [Substring] = []
      for word in line.split(separator: " ") {
        for key in ["src=", "dst=", "sport=", "dport="] where word.hasPrefix(key) {
          values.append(word.dropFirst(key.count))
        }
      }
      return values.count == 8 ? values.joined(separator: " ") : nil
    }

    /// By tc programs, and by tracepoints where there are more devices.
    @Test("packets at a device are those tcpdump saw there", arguments: [0, 5])
    func tcpdump(pairs: Int) throws {
      try Lab.lab("up")
      try Lab.addDevices(pairs, to: "node1")
      defer { Lab.removeDevices(pairs, from: "node1") }
      let capture = NSTemporaryDirectory() + "kft-\(UUID().uuidString).pcap"
      defer { try? FileManager.default.removeItem(atPath: capture) }
      let dump = try Lab.Running([
        "ip", "netns", "exec", "kft-node1", "tcpdump", "-i", "vethclient", "-U", "-w", capture,
        "tcp", "and", "host", "10.96.0.62",
      ])
      let deadline = Date().addingTimeInterval(60)
      while !dump.errors.contains("listening on"), Date() < deadline {
        Thread.sleep(forTimeInterval: 0.05)
      }
      let trace: Trace
      do {
        trace = try Lab.trace(["--svc", "10.96.0.62"] + Lab.netns("node1")) {
          try Lab.inside("client", "curl", "-s", "-m", "10", "http://10.96.0.62/")
          // tcpdump reads its ring once a second
          Thread.sleep(forTimeInterval: 1.5)
        }
      } catch {
        dump.send(SIGINT)
        _ = try dump.wait()
        throw error
      }
      dump.send(SIGINT)
      _ = try dump.wait()
      // -S: absolute sequence numbers; one line a packet
      let theirs = try Lab.run("tcpdump", "-nn", "-t", "-S", "-r", capture).output
        .split(separator: "\n").compactMap(Self.packet).sorted()
      var ours: [String] = []
      // tcpdump keeps to connections with the Service's address; those of before began without us
      for flow in trace.flows where flow.syns > 0 {
        for packet in flow.timeline {
          for hop in packet.hops where hop.interface == "vethclient" {
            guard ["tcIngress", "tcEgress"].contains(hop.hook) else { continue }
            ours.append(
              "\(hop.tuple.source.address).\(hop.tuple.source.port) > "
                + "\(hop.tuple.destination.address).\(hop.tuple.destination.port) "
                + "\(packet.flags ?? "")")
          }
        }
      }
      #expect(theirs.count >= 9, "a handshake, a request, an answer, a close")
      #expect(ours.sorted() == theirs)
    }

    /// From `IP 10.244.1.5.1024 > 10.96.0.62.80: Flags [S.], seq …` to our words.
    private static func packet(_ line: Substring) -> String? {
      let words = line.split(separator: " ")
      guard words.count > 5, words[0] == "IP", let flags = words.firstIndex(of: "Flags") else {
        return nil
      }
      let text = words[flags + 1].trimmingCharacters(in: CharacterSet(charactersIn: "[],"))
      let names: [(Character, String)] = [
        ("S", "SYN"), ("F", "FIN"), ("R", "RST"), ("P", "PSH"), (".", "ACK"),
      ]
      let set = names.filter { text.contains($0.0) }.map(\.1).joined(separator: "-")
      return "\(words[1]) > \(words[3].dropLast()) \(set)"
    }
  }
}
