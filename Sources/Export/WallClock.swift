internal import Recording

extension HeaderRecord? {
  /// A time of the recording (CLOCK_BOOTTIME) as ns since 1970; without a header, since boot.
  func wallClock(_ time: UInt64) -> UInt64 {
    guard let clock = self?.clock else { return time }
    return UInt64(
      clamping: Int128(time) - Int128(clock.boottime) + Int128(clock.realtime))
  }
}

/// A time as RFC 3339 has it, in UTC with nanoseconds; `time`: ns since 1970.
func timestamp(_ time: UInt64) -> String {
  func digits(_ number: Int, _ count: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, count - text.count)) + text
  }
  let seconds = Int(time / 1_000_000_000)
  // the year begins in March, so that the leap day is its last; 400 years are 146,097 days
  let days = seconds / 86400 + 719_468
  let era = days / 146_097
  let day = days % 146_097
  let year = (day - day / 1460 + day / 36524 - day / 146_096) / 365
  let dayOfYear = day - (365 * year + year / 4 - year / 100)
  let month = (5 * dayOfYear + 2) / 153
  let date = [
    digits(year + era * 400 + (month >= 10 ? 1 : 0), 4),
    digits(month < 10 ? month + 3 : month - 9, 2),
    digits(dayOfYear - (153 * month + 2) / 5 + 1, 2),
  ].joined(separator: "-")
  let clock = [seconds / 3600 % 24, seconds / 60 % 60, seconds % 60].map { digits($0, 2) }
    .joined(separator: ":")
  return "\(date)T\(clock).\(digits(Int(time % 1_000_000_000), 9))Z"
}
