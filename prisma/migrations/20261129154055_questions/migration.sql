-- CreateTable
CREATE TABLE "questions" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "thread_id" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "tool_call_id" TEXT NOT NULL,
    "call_id" TEXT NOT NULL,
    "server" TEXT NOT NULL,
    "tool" TEXT NOT NULL,
    "item_id" TEXT NOT NULL,
    "kept_id" TEXT,
    "is_held" BOOLEAN NOT NULL,
    "only_reads" BOOLEAN NOT NULL,
    "asked" JSONB NOT NULL,
    "status" TEXT NOT NULL DEFAULT 'pending',
    "answer" JSONB,
    "sealed_answer" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "answered_at" TIMESTAMPTZ(3),

    CONSTRAINT "questions_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "questions_owner_id_idx" ON "questions"("owner_id");

-- CreateIndex
CREATE INDEX "questions_run_id_idx" ON "questions"("run_id");

-- CreateIndex
CREATE INDEX "questions_thread_id_idx" ON "questions"("thread_id");

-- CreateIndex
CREATE INDEX "questions_tool_call_id_idx" ON "questions"("tool_call_id");

-- CreateIndex
CREATE INDEX "questions_status_expires_at_idx" ON "questions"("status", "expires_at");

-- AddForeignKey
ALTER TABLE "questions" ADD CONSTRAINT "questions_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "questions" ADD CONSTRAINT "questions_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "questions" ADD CONSTRAINT "questions_tool_call_id_fkey" FOREIGN KEY ("tool_call_id") REFERENCES "tool_calls"("id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "questions" ADD CONSTRAINT "questions_status" CHECK ("status" IN ('pending', 'accepted', 'declined', 'cancelled', 'expired'));

ALTER TABLE "questions" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "questions" FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON "questions" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));
CREATE POLICY owner_only ON "questions" USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()));
-- A run that was taken for dead asks nothing more.
CREATE TRIGGER open_run BEFORE INSERT OR UPDATE OR DELETE ON "questions" FOR EACH STATEMENT EXECUTE FUNCTION require_open_run();
