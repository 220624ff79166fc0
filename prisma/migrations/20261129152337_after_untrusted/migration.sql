-- AlterTable
ALTER TABLE "tool_policies" ADD COLUMN     "after_untrusted" TEXT;
