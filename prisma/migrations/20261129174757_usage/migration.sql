-- CreateEnum
CREATE TYPE "RequestPurpose" AS ENUM ('answer', 'title', 'summary', 'transcription', 'test');

-- CreateEnum
CREATE TYPE "RequestOutcome" AS ENUM ('done', 'failed', 'stopped', 'lost');

-- CreateEnum
CREATE TYPE "UsagePeriod" AS ENUM ('day', 'month');

-- CreateEnum
CREATE TYPE "UsageUnit" AS ENUM ('tokens', 'cost');

-- CreateTable
CREATE TABLE "model_requests" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT,
    "thread_id" TEXT,
    "run_id" TEXT,
    "purpose" "RequestPurpose" NOT NULL,
    "provider" TEXT NOT NULL,
    "model" TEXT NOT NULL,
    "assistant" TEXT,
    "input_tokens" INTEGER NOT NULL DEFAULT 0,
    "cached_tokens" INTEGER NOT NULL DEFAULT 0,
    "output_tokens" INTEGER NOT NULL DEFAULT 0,
    "reasoning_tokens" INTEGER NOT NULL DEFAULT 0,
    "cost_micros" BIGINT,
    "input_cost_micros" BIGINT,
    "is_estimated" BOOLEAN NOT NULL DEFAULT false,
    "outcome" "RequestOutcome",
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "settled_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),

    CONSTRAINT "model_requests_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "usage_sums" (
    "id" BIGSERIAL NOT NULL,
    "owner_id" TEXT,
    "period" "UsagePeriod" NOT NULL,
    "starts_on" DATE NOT NULL,
    "tokens" BIGINT NOT NULL,
    "cost_micros" BIGINT NOT NULL,

    CONSTRAINT "usage_sums_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "usage_limits" (
    "id" TEXT NOT NULL,
    "audience" JSONB NOT NULL,
    "is_shared" BOOLEAN NOT NULL DEFAULT false,
    "period" "UsagePeriod" NOT NULL,
    "unit" "UsageUnit" NOT NULL,
    "amount" BIGINT NOT NULL,
    "warn_percent" INTEGER NOT NULL DEFAULT 80,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT,

    CONSTRAINT "usage_limits_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "usage_warnings" (
    "limit_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "starts_on" DATE NOT NULL,

    CONSTRAINT "usage_warnings_pkey" PRIMARY KEY ("limit_id","owner_id","starts_on")
);

-- CreateIndex
CREATE INDEX "model_requests_owner_id_created_at_idx" ON "model_requests"("owner_id", "created_at");

-- CreateIndex
CREATE INDEX "model_requests_created_at_idx" ON "model_requests"("created_at");

-- CreateIndex
CREATE INDEX "model_requests_run_id_idx" ON "model_requests"("run_id");

-- CreateIndex
CREATE INDEX "model_requests_thread_id_idx" ON "model_requests"("thread_id");

-- CreateIndex
CREATE INDEX "usage_sums_period_starts_on_idx" ON "usage_sums"("period", "starts_on");

-- CreateIndex
CREATE UNIQUE INDEX "usage_sums_owner_id_period_starts_on_key" ON "usage_sums"("owner_id", "period", "starts_on");

-- CreateIndex
CREATE INDEX "usage_warnings_owner_id_idx" ON "usage_warnings"("owner_id");

-- AddForeignKey
ALTER TABLE "model_requests" ADD CONSTRAINT "model_requests_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_requests" ADD CONSTRAINT "model_requests_thread_id_fkey" FOREIGN KEY ("thread_id") REFERENCES "threads"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "model_requests" ADD CONSTRAINT "model_requests_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "usage_sums" ADD CONSTRAINT "usage_sums_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "usage_warnings" ADD CONSTRAINT "usage_warnings_limit_id_fkey" FOREIGN KEY ("limit_id") REFERENCES "usage_limits"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "usage_warnings" ADD CONSTRAINT "usage_warnings_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Requests that are under way: few, and looked through at each reservation.
CREATE INDEX "model_requests_open" ON "model_requests"("owner_id") WHERE "settled_at" IS NULL;

ALTER TABLE "model_requests" ADD CONSTRAINT "model_requests_settled" CHECK (("outcome" IS NULL) = ("settled_at" IS NULL));
ALTER TABLE "model_requests" ADD CONSTRAINT "model_requests_counts" CHECK (least("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens", "cost_micros") >= 0);
ALTER TABLE "usage_limits" ADD CONSTRAINT "usage_limits_values" CHECK ("amount" >= 0 AND "warn_percent" BETWEEN 1 AND 100);

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['model_requests', 'usage_sums', 'usage_limits', 'usage_warnings'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY system ON %I USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()))', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['model_requests', 'usage_sums', 'usage_warnings'] LOOP
        EXECUTE format('CREATE POLICY owner_only ON %I USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()))', t);
    END LOOP;
END
$$;
