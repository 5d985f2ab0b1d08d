from data.labels import EMOTIONS, canonical


def test_the_seven_classes_are_in_alphabetical_order():
    assert list(EMOTIONS) == sorted(EMOTIONS)
    assert len(EMOTIONS) == 7


def test_other_names_become_ours():
    names = ("Anger", "disgusted", "FEARFUL", "happiness", "neutral", "sadness", " surprised ")
    assert tuple(map(canonical, names)) == EMOTIONS


def test_an_unknown_class_keeps_its_name():
    assert canonical("Contempt") == "Contempt"
