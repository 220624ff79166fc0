-- CreateTable
CREATE TABLE "server_tasks" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "thread_id" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "tool_call_id" TEXT NOT NULL,
    "call_id" TEXT NOT NULL,
    "server" TEXT NOT NULL,
    "tool" TEXT NOT NULL,
    "sealed" TEXT NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'working',
    "said" TEXT,
    "polls" INTEGER NOT NULL DEFAULT 0,
    "failures" INTEGER NOT NULL DEFAULT 0,
    "poll_at" TIMESTAMPTZ(3) NOT NULL,
    "lease_until" TIMESTAMPTZ(3),
    "stop_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "changed_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "ended_at" TIMESTAMPTZ(3),

    CONSTRAINT "server_tasks_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE UNIQUE INDEX "server_tasks_tool_call_id_key" ON "server_tasks"("tool_call_id");

-- CreateIndex
CREATE INDEX "server_tasks_owner_id_idx" ON "server_tasks"("owner_id");

-- CreateIndex
CREATE INDEX "server_tasks_run_id_idx" ON "server_tasks"("run_id");

-- CreateIndex
CREATE INDEX "server_tasks_thread_id_idx" ON "server_tasks"("thread_id");

-- AddForeignKey
ALTER TABLE "server_tasks" ADD CONSTRAINT "server_tasks_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "server_tasks" ADD CONSTRAINT "server_tasks_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "server_tasks" ADD CONSTRAINT "server_tasks_tool_call_id_fkey" FOREIGN KEY ("tool_call_id") REFERENCES "tool_calls"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "server_tasks" ADD CONSTRAINT "server_tasks_status" CHECK ("status" IN ('working', 'input_required', 'ended', 'asking'));
-- Asked for every second: only the tasks that go on.
CREATE INDEX "server_tasks_due_idx" ON "server_tasks"("poll_at") WHERE "ended_at" IS NULL;

ALTER TABLE "server_tasks" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "server_tasks" FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON "server_tasks" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));
CREATE POLICY owner_only ON "server_tasks" USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()));
-- A run that was taken for dead begins no task any more.
CREATE TRIGGER open_run BEFORE INSERT OR UPDATE OR DELETE ON "server_tasks" FOR EACH STATEMENT EXECUTE FUNCTION require_open_run();
