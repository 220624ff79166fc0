-- AlterTable
ALTER TABLE "runs" ADD COLUMN     "web_read_at" TIMESTAMPTZ(3);
