public enum ServiceCatalogStub {}
