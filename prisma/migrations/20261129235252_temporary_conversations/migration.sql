-- AlterTable
ALTER TABLE "threads" ADD COLUMN     "temporary_until" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "threads_temporary_until_idx" ON "threads"("temporary_until");

-- A temporary conversation takes its content with it, whoever deletes it. The ledger keeps that a call was made, by whom, with which
-- arguments and what came of it, and loses the result. What waits for the person ends.
CREATE FUNCTION forget_temporary_content() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE tool_calls SET result = NULL WHERE thread_id = OLD.id;
    DELETE FROM run_events WHERE run_id IN (SELECT id FROM runs WHERE thread_id = OLD.id);
    DELETE FROM questions WHERE thread_id = OLD.id;
    DELETE FROM paused_runs WHERE thread_id = OLD.id;
    UPDATE approvals SET status = 'expired', decided_at = now() WHERE thread_id = OLD.id AND status = 'pending';
    UPDATE server_tasks SET stop_at = coalesce(stop_at, now()), said = NULL WHERE thread_id = OLD.id AND ended_at IS NULL;
    UPDATE runs SET failure_detail = NULL WHERE thread_id = OLD.id AND failure_detail IS NOT NULL;
    UPDATE runs SET status = 'stopped', finished_at = now(), last_seq = 0 WHERE thread_id = OLD.id AND status = 'waiting';
    RETURN OLD;
END
$$;
CREATE TRIGGER forget_temporary_content BEFORE DELETE ON threads FOR EACH ROW WHEN (OLD.temporary_until IS NOT NULL)
    EXECUTE FUNCTION forget_temporary_content();
