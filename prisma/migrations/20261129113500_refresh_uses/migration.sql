-- How often a refresh token was used: a client may repeat a refresh for a moment.
-- AlterTable
ALTER TABLE "oauth_records" ADD COLUMN     "uses" INTEGER NOT NULL DEFAULT 0;
