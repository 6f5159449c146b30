import Foundation
import Recording
import Testing

/// Pages made from generated recordings, in Chromium.
@Suite(.serialized, .enabled(if: Browser.isThere, "needs Chromium, which is too slow in a VM"))
struct PageInBrowserTests {
  private static let count = 10_000

  @Test("10,000 connections: at once there, searched, sorted and walked through") func many() throws
  {
    let flows = try (0..<Self.count).map { number in
      number % 1000 == 500
        ? try Recorded.dropped(number: number) : try Recorded.healthy(number: number)
    }
    let page = try Page(flows.map { .flow($0) })
    #expect(page.html.utf8.count < 10_000_000, "\(page.html.utf8.count)")
    let rows = "document.querySelectorAll('#body .row').length"
    let timed = { (name: String) in
      """
      (() => { const begin = performance.now(); \(name); \
      document.getElementById('grid').offsetHeight; return performance.now() - begin; })()
      """
    }
    let browser = try Browser(
      page.html,
      """
      eval document.getElementById('verdict').textContent
      eval \(rows)
      eval document.getElementById('grid').getAttribute('aria-rowcount')
      key /
      type 10.244.1.5:25
      wait document.getElementById('count').textContent === '1,000 of 10,000'
      eval \(timed("recording.flows.forEach(recording.haystack)"))
      key Escape
      wait document.getElementById('count').textContent === '10,000'
      eval \(timed("document.querySelector('#columns .c-from button').click()"))
      key Escape
      key End
      eval document.querySelector('[aria-selected=true]').getAttribute('aria-rowindex')
      eval \(rows)
      key PageUp
      key ArrowUp
      eval \(timed("document.getElementById('grid').scrollTop = 150000"))
      eval \(timed("for (let i = 0; i < 50; i += 1) table.move(-1)"))
      eval \(timed("table.select(recording.flows[500], true)"))
      wait document.getElementById('detail').classList.contains('failed')
      key ArrowDown
      wait document.getElementById('detail').classList.contains('healthy')
      """)
    #expect(browser.values[0].contains("10 of 10,000 connections failed"))
    #expect(try browser.number(1) < 60)
    #expect(browser.values[2] == "\"10001\"")
    #expect(try browser.number(4) < 2000, "sorting")
    #expect(browser.values[5] == "\"10001\"")
    #expect(try browser.number(6) < 60)
    #expect(try browser.number(7) < 500, "scrolling")
    #expect(try browser.number(8) < 5000, "50 selections")
    #expect(try browser.number(9) < 2000, "a diagram")
    #expect(browser.end.loaded < 8000, "\(browser.end.loaded) ms")
    #expect(browser.end.console.isEmpty && browser.end.requests.isEmpty, "\(browser.end)")
  }

  @Test("hostile names are text and nothing else") func hostile() throws {
    let records = try Hostile.names.enumerated().map { try Hostile.record($1, number: $0) }
    var header = Recorded.header
    header.selection = Hostile.names.joined(separator: " ")
    header.node = Hostile.names[0]
    let page = try Page(records, header: header)
    let browser = try Browser(
      page.html,
      """
      eval document.getElementById('as-text').open = true
      eval recording.flows.forEach((flow) => table.select(flow, true)) ?? 'all'
      eval table.select(recording.flows[0], true) ?? 'first'
      eval document.querySelectorAll('img, iframe, object, [onerror], [onload], [onmouseover]').length
      eval document.querySelectorAll('script').length
      eval document.querySelector('#explanation .why').textContent
      eval document.getElementById('selection').textContent.includes('\\u202e')
      """)
    #expect(browser.values[3] == "0")
    let scripts = page.frame.components(separatedBy: "<script").count - 1
    #expect(browser.values[4] == "\(scripts)")
    #expect(browser.values[5] == "\"</script><img src=x onerror=alert(1)>\"")
    #expect(browser.values[6] == "false", "what turns text around is shown instead")
    #expect(browser.end.console.isEmpty && browser.end.requests.isEmpty, "\(browser.end)")
  }

  @Test("healthy is quiet, and readable in both schemes and sizes") func healthy() throws {
    let page = try Page((0..<12).map { .flow(try Recorded.healthy(number: $0)) })
    let browser = try Browser(
      page.html,
      """
      eval document.documentElement.dataset.outcome
      eval document.getElementById('causes').hidden && document.getElementById('explanation').hidden
      eval document.querySelectorAll('.cross, .died, #body .failed').length
      size 800x900
      eval document.documentElement.scrollWidth
      colours light
      eval getComputedStyle(document.body).backgroundColor
      colours dark
      eval getComputedStyle(document.body).backgroundColor
      eval document.getElementById('theme').click() ?? document.documentElement.dataset.theme
      eval getComputedStyle(document.body).backgroundColor
      """)
    #expect(browser.values[0] == "\"healthy\"" && browser.values[1] == "true")
    #expect(browser.values[2] == "0")
    #expect(browser.values[3] == "800", "nothing sticks out")
    #expect(browser.values[4] != browser.values[5])
    #expect(browser.values[6] == "\"light\"" && browser.values[7] == browser.values[4])
    #expect(browser.end.console.isEmpty, "\(browser.end)")
  }
}
