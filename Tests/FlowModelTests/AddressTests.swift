import FlowModel
import Testing

@Suite struct AddressTests {
  @Test(
    "text is canonical (RFC 5952)",
    arguments: [
      ("10.244.1.5", "10.244.1.5"), ("0.0.0.0", "0.0.0.0"), ("255.255.255.255", "255.255.255.255"),
      ("::", "::"), ("::1", "::1"), ("FD00:0010:0096:0:0:0:0:0050", "fd00:10:96::50"),
      ("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"),
      ("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"),
      ("1:0:0:2:0:0:0:3", "1:0:0:2::3"), ("::ffff:10.0.0.1", "10.0.0.1"),
      ("64:ff9b::192.0.2.33", "64:ff9b::c000:221"),
    ])
  func canonical(_ text: String, _ expected: String) throws {
    let address = try #require(Address(text))
    #expect("\(address)" == expected)
    #expect(Address("\(address)") == address)
    #expect(Address(bytes: address.bytes) == address)
  }

  @Test(
    "what is no address",
    arguments: [
      "", "10.244.1", "10.244.1.5.6", "10.244.1.256", "10.244.1.-5", "10.244.1.5 ", "10..1.5",
      "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3", ":1:2:3:4:5:6:7", "12345::", "g::", ":::",
      "fe80::1%eth0", "[::1]", "::ffff:10.0.0.256",
    ])
  func malformed(_ text: String) { #expect(Address(text) == nil) }

  @Test("networks") func networks() throws {
    let pod = try #require(Address("10.244.2.8"))
    #expect(pod.isIn(try #require(Address("10.244.2.0")), prefix: 24))
    #expect(!pod.isIn(try #require(Address("10.244.3.0")), prefix: 24))
    #expect(pod.isIn(try #require(Address("10.244.3.0")), prefix: 23))
    #expect(pod.isIn(Address(v4: 0), prefix: 0))
    #expect(!pod.isIn(.any, prefix: 0), "an IPv6 network holds no IPv4 address")
    let six = try #require(Address("fd00:10:244:2::8"))
    #expect(six.isIn(try #require(Address("fd00:10:244:2::")), prefix: 64))
    #expect(!six.isIn(try #require(Address("fd00:10:244:3::")), prefix: 64))
    #expect(six.isIn(six, prefix: 128))
    #expect(!six.isIn(try #require(Address("fd00:10:244:2::9")), prefix: 128))
  }

  @Test("kinds") func kinds() throws {
    for text in ["224.0.0.1", "239.255.255.255", "255.255.255.255", "ff02::1"] {
      #expect(try #require(Address(text)).isMulticast, "\(text)")
    }
    for text in ["223.255.255.255", "240.0.0.1", "fe80::1", "::1"] {
      #expect(try !#require(Address(text)).isMulticast, "\(text)")
    }
    #expect(try #require(Address("127.8.9.1")).isLoopback)
    #expect(try #require(Address("::1")).isLoopback)
    #expect(try !#require(Address("128.0.0.1")).isLoopback)
  }

  @Test("IPv4 sorts before IPv6, by value") func order() throws {
    let sorted = ["10.0.0.2", "10.0.0.10", "fd00::1", "fd00::2"]
    #expect(sorted.reversed().compactMap { Address($0) }.sorted().map { "\($0)" } == sorted)
  }
}
