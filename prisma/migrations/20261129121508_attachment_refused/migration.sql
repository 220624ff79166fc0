-- AlterTable
ALTER TABLE "attachments" ADD COLUMN     "refused_at" TIMESTAMPTZ(3);
