-- Where the time of a call went, and which calls were made again by whom.
ALTER TABLE "tool_calls"
    ADD COLUMN "connected_ms" INTEGER,
    ADD COLUMN "first_sign_ms" INTEGER,
    ADD COLUMN "repeat_of" TEXT,
    ADD COLUMN "repeated_by" TEXT;
CREATE INDEX "tool_calls_repeat_of_idx" ON "tool_calls"("repeat_of");
