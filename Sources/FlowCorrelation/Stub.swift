public enum FlowCorrelationStub {}
