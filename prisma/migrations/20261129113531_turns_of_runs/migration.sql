-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "allow_retry" BOOLEAN,
ADD COLUMN     "turn_id" TEXT;

-- CreateIndex
CREATE INDEX "runs_turn_id_idx" ON "runs"("turn_id");
