public enum DiagnosisStub {}
