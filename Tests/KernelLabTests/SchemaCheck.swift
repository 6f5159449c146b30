import Foundation

/// Lines of JSON against the schema that the tool prints, by an independent validator.
enum SchemaCheck {
  /// Throws what is wrong with the first lines that are. The emulated machines are too slow for it, and
  /// print the same.
  static func validate(_ text: String) throws {
    guard !Lab.isEmulated, !text.isEmpty else { return }
    let path = NSTemporaryDirectory() + "kft-lines-\(UUID().uuidString)"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let schema = try Lab.run(Lab.tracerPath, "schema").output
    try schema.write(toFile: path + ".schema", atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(atPath: path + ".schema") }
    let script = """
      import json, sys
      from jsonschema import Draft202012Validator as Validator
      schema = json.load(open(sys.argv[1] + ".schema"))
      Validator.check_schema(schema)
      kinds = {}
      count = 0
      for number, line in enumerate(open(sys.argv[1]), 1):
          record = json.loads(line)
          kind = record.get("type")
          if kind not in kinds:
              kinds[kind] = Validator({"$ref": f"#/$defs/{kind}", "$defs": schema["$defs"]})
          for error in kinds[kind].iter_errors(record):
              print(f"line {number}: {list(error.absolute_path)}: {error.message[:300]}")
              count += 1
              break
          if count > 3: break
      sys.exit(count > 0)
      """
    let result = try Lab.run("/usr/bin/python3", "-c", script, path)
    guard result.status == 0 else {
      throw Lab.Failure(description: "not as the schema says: \(result.output)\(result.errors)")
    }
  }
}
