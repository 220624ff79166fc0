-- AlterTable
ALTER TABLE "attachments" ADD COLUMN     "text" TEXT;
