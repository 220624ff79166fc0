-- CreateTable
CREATE TABLE "model_limits" (
    "model" TEXT NOT NULL,
    "max_tools" INTEGER,
    "plain_schemas" BOOLEAN NOT NULL DEFAULT false,
    "reason" TEXT NOT NULL,
    "seen_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "model_limits_pkey" PRIMARY KEY ("model")
);

-- Row-level security: what a model's server refuses belongs to no person.
ALTER TABLE "model_limits" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "model_limits" FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON "model_limits" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));
