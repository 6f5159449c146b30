import ArgumentParser
import Recording

/// `kflowtrace schema`: what lines of JSON look like.
struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema",
    abstract: "Print the JSON Schema (2020-12) of every line of JSON.",
    discussion: """
      EXAMPLES
        kflowtrace schema > kflowtrace.schema.json
        check-jsonschema --schemafile kflowtrace.schema.json flow.json
      """)

  func run() { _ = Output.result(Schema.text) }
}
