-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "failure_detail" JSONB;
