-- AlterTable
ALTER TABLE "tool_calls" ADD COLUMN     "arguments_hash" TEXT,
ADD COLUMN     "span_id" TEXT,
ADD COLUMN     "trace_id" TEXT,
ADD COLUMN     "turn_id" TEXT;

-- CreateTable
CREATE TABLE "tool_policies" (
    "server" TEXT NOT NULL,
    "tool" TEXT NOT NULL,
    "approval" TEXT,
    "repeatable" BOOLEAN NOT NULL DEFAULT false,
    "hidden" TEXT[],
    "connect_seconds" INTEGER,
    "idle_seconds" INTEGER,
    "hard_seconds" INTEGER,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "updated_by" TEXT,

    CONSTRAINT "tool_policies_pkey" PRIMARY KEY ("server","tool")
);

-- CreateTable
CREATE TABLE "paused_runs" (
    "run_id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "thread_id" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "paused_runs_pkey" PRIMARY KEY ("run_id")
);

-- CreateTable
CREATE TABLE "approvals" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "thread_id" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "call_id" TEXT NOT NULL,
    "server" TEXT NOT NULL,
    "tool" TEXT NOT NULL,
    "tool_hash" TEXT NOT NULL,
    "item_id" TEXT NOT NULL,
    "kept_id" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "remember" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_at" TIMESTAMPTZ(3),

    CONSTRAINT "approvals_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "paused_runs_owner_id_idx" ON "paused_runs"("owner_id");

-- CreateIndex
CREATE INDEX "paused_runs_thread_id_idx" ON "paused_runs"("thread_id");

-- CreateIndex
CREATE INDEX "paused_runs_expires_at_idx" ON "paused_runs"("expires_at");

-- CreateIndex
CREATE INDEX "approvals_owner_id_idx" ON "approvals"("owner_id");

-- CreateIndex
CREATE INDEX "approvals_run_id_idx" ON "approvals"("run_id");

-- CreateIndex
CREATE INDEX "approvals_thread_id_server_tool_idx" ON "approvals"("thread_id", "server", "tool");

-- CreateIndex
CREATE INDEX "approvals_status_expires_at_idx" ON "approvals"("status", "expires_at");

-- CreateIndex
CREATE INDEX "tool_calls_turn_id_idx" ON "tool_calls"("turn_id");

-- AddForeignKey
ALTER TABLE "paused_runs" ADD CONSTRAINT "paused_runs_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "paused_runs" ADD CONSTRAINT "paused_runs_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "tool_policies" ADD CONSTRAINT "tool_policies_approval" CHECK ("approval" IN ('never', 'always', 'first', 'annotation'));
ALTER TABLE "approvals" ADD CONSTRAINT "approvals_status" CHECK ("status" IN ('pending', 'approved', 'denied', 'expired'));

-- Row-level security. Everybody's calls are judged by the policies; only withSystem changes them.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['tool_policies', 'paused_runs', 'approvals'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY system ON %I USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()))', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['paused_runs', 'approvals'] LOOP
        EXECUTE format('CREATE POLICY owner_only ON %I USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()))', t);
    END LOOP;
END
$$;
CREATE POLICY readable ON "tool_policies" FOR SELECT USING ((SELECT app_user_id()) IS NOT NULL);
