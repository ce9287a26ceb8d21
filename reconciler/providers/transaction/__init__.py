"""Operations as one all-or-nothing sh script: what it says (render), sends (deliver), and how it ended (outcome)."""
