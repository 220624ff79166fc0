-- CreateTable
CREATE TABLE "mcp_client_issuers" (
    "server_id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "mcp_client_issuers_pkey" PRIMARY KEY ("server_id","client_id")
);

-- Row-level security: where a client is registered belongs to no person.
ALTER TABLE "mcp_client_issuers" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "mcp_client_issuers" FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON "mcp_client_issuers" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));
