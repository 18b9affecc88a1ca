"""Documents from draft to issue: who drafted, reviewed and authorised them; verified, reproduced, amended."""
