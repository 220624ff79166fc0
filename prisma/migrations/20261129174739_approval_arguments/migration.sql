-- AlterTable
ALTER TABLE "approvals" ADD COLUMN     "arguments_hash" TEXT;
