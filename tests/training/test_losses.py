import math

import pytest
import torch

from lpgan_demo.networks.mtgan import DiscriminatorOutput
from lpgan_demo.training import losses


def outputs(real, characters):
    return DiscriminatorOutput(torch.tensor(real), torch.tensor(characters))


def test_character_bce_by_hand():
    logits = torch.tensor([[[2.0, -1.0, -1e4], [0.5, 0.5, 0.5]]])
    target = torch.tensor([[0, -1]])  # one character over an alphabet of two; the second position is not there
    by_hand = math.log(1 + math.exp(-2.0)) + math.log(1 + math.exp(-1.0))
    assert losses.character_bce(logits, target).item() == pytest.approx(by_hand, rel=1e-5)


def test_character_cross_entropy_leaves_out_missing_positions():
    logits = torch.tensor([[[1.0, 0.0], [9.0, -9.0]]])
    loss = losses.character_cross_entropy(logits, torch.tensor([[0, -1]]))
    assert loss.item() == pytest.approx(math.log(1 + math.exp(-1)), rel=1e-5)


def test_the_first_character_may_weigh_more():
    logits = torch.tensor([[[1.0, 0.0], [3.0, 0.0], [9.0, -9.0]]])
    target = torch.tensor([[0, 0, -1]])
    first, second = math.log(1 + math.exp(-1)), math.log(1 + math.exp(-3))
    assert losses.character_cross_entropy(logits, target, 3.0).item() == pytest.approx(
        (3 * first + second) / 4, rel=1e-5
    )
    plain = losses.character_cross_entropy(logits, target).item()
    assert plain == pytest.approx((first + second) / 2, rel=1e-5)


def test_a_discriminator_that_does_not_read_leaves_the_ordinary_loss():
    real, fake = (DiscriminatorOutput(torch.tensor([v]), None) for v in (4.0, -4.0))
    total, _ = losses.discriminator_loss(real, fake, torch.tensor([[0]]))
    assert total.item() == pytest.approx(2 * math.log(1 + math.exp(-4)), rel=1e-5)
    adversarial, characters = losses.generator_adversarial(fake, torch.tensor([[0]]))
    assert adversarial.item() == pytest.approx(math.log(1 + math.exp(4)), rel=1e-5) and characters.item() == 0


def test_discriminator_loss_is_real_plus_fake():
    characters = [[[3.0, -3.0]]]
    target = torch.tensor([[0]])
    real, fake = outputs([4.0], characters), outputs([-4.0], characters)
    total, parts = losses.discriminator_loss(real, fake, target)
    assert total.item() == pytest.approx((parts["d_real"] + parts["d_fake"]).item())
    worse, _ = losses.discriminator_loss(fake, real, target)  # taking drawn for real must cost
    assert worse > total + 3


def test_generator_wants_to_be_taken_for_real_and_to_be_read():
    target = torch.tensor([[0]])
    good = losses.generator_adversarial(outputs([5.0], [[[5.0, -5.0]]]), target)
    found_out = losses.generator_adversarial(outputs([-5.0], [[[5.0, -5.0]]]), target)
    misread = losses.generator_adversarial(outputs([5.0], [[[-5.0, 5.0]]]), target)
    assert found_out[0] > good[0] and found_out[1] == good[1]
    assert misread[1] > good[1] and misread[0] == good[0]


def test_the_papers_literal_form_rewards_misreading():
    target = torch.tensor([[0]])
    read = losses.generator_adversarial(outputs([0.0], [[[5.0, -5.0]]]), target, literal=True)
    misread = losses.generator_adversarial(outputs([0.0], [[[-5.0, 5.0]]]), target, literal=True)
    assert misread[1] < read[1]


def test_pixel_mse_by_hand():
    assert losses.pixel_mse(torch.full((1, 3, 2, 2), 0.5), torch.zeros(1, 3, 2, 2)).item() == pytest.approx(0.25)


def test_dice_loss_is_one_minus_the_f_measure_of_ink():
    truth = torch.ones(1, 1, 4, 4)
    truth[0, 0, 0] = -1
    made = truth.clone()
    made[0, 0, 0, 0], made[0, 0, 1, 0] = 1, -1  # one missed, one too many: precision = recall = 3/4
    assert losses.dice_loss(made, truth).item() == pytest.approx(0.25)
    assert losses.dice_loss(truth, truth).item() == pytest.approx(0, abs=1e-6)
    doubtful = torch.zeros(1, 1, 4, 4, requires_grad=True)
    losses.dice_loss(doubtful, truth).backward()
    assert (doubtful.grad[0, 0, 0] > 0).all() and (doubtful.grad[0, 0, 1:] < 0).all()
