-- CreateTable
CREATE TABLE "waiting_messages" (
    "id" TEXT NOT NULL,
    "owner_id" TEXT NOT NULL,
    "thread_id" TEXT NOT NULL,
    "seq" BIGSERIAL NOT NULL,
    "data" JSONB NOT NULL,
    "session_version" INTEGER NOT NULL,
    "session_id" TEXT,
    "due_at" TIMESTAMPTZ(3) DEFAULT CURRENT_TIMESTAMP,
    "note" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "waiting_messages_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "waiting_messages_thread_id_seq_idx" ON "waiting_messages"("thread_id", "seq");

-- CreateIndex
CREATE INDEX "waiting_messages_owner_id_idx" ON "waiting_messages"("owner_id");

-- AddForeignKey
ALTER TABLE "waiting_messages" ADD CONSTRAINT "waiting_messages_owner_id_fkey" FOREIGN KEY ("owner_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "waiting_messages" ADD CONSTRAINT "waiting_messages_thread_id_owner_id_fkey" FOREIGN KEY ("thread_id", "owner_id") REFERENCES "threads"("id", "owner_id") ON DELETE CASCADE ON UPDATE CASCADE;

ALTER TABLE "waiting_messages" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "waiting_messages" FORCE ROW LEVEL SECURITY;
CREATE POLICY system ON "waiting_messages" USING ((SELECT app_is_system())) WITH CHECK ((SELECT app_is_system()));
CREATE POLICY owner_only ON "waiting_messages" USING (owner_id = (SELECT app_user_id())) WITH CHECK (owner_id = (SELECT app_user_id()));
