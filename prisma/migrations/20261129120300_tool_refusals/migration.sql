-- CreateTable
CREATE TABLE "tool_refusals" (
    "server" TEXT NOT NULL,
    "tool" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "tool_hash" TEXT NOT NULL,
    "reason" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "tool_refusals_pkey" PRIMARY KEY ("server","tool","model")
);

-- Row-level security: what is refused belongs to no person.
ALTER TABLE "tool_refusals" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "tool_refusals" FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON "tool_refusals" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));
