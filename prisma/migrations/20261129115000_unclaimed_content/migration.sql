-- AlterTable
ALTER TABLE "users" ADD COLUMN     "unclaimed_before" TIMESTAMPTZ(3);
