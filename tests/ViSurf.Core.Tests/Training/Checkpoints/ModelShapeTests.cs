using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training.Checkpoints;
using Xunit;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Training.Checkpoints;

public sealed class ModelShapeTests
{
    [Fact]
    public void Trained_weights_may_move_and_frozen_ones_may_not()
    {
        using var module = new TinyModule(1);
        var parameters = module.named_parameters().ToDictionary(p => p.name, p => p.parameter);
        parameters["embedding.weight"].requires_grad = false;
        parameters["head.bias"].requires_grad = false;
        var saved = ModelShape.Of(module);
        saved.Trained.Keys.Should().Equal("head.weight", "hidden.bias", "hidden.weight");
        using var grad = no_grad();
        parameters["hidden.weight"].PlusInPlace(1);
        ModelShape.Of(module).EnsureSame(saved, "run");
        parameters["head.bias"][0] = tensor(7f);
        FluentActions.Invoking(() => ModelShape.Of(module).EnsureSame(saved, "run")).Should().Throw<InvalidDataException>().WithMessage("The checkpoint 'run' is of another model*frozen weights*");
    }

    [Fact]
    public void A_dtype_is_part_of_it_and_nothing_frozen_leaves_no_print()
    {
        using var module = new TinyModule(1);
        var saved = ModelShape.Of(module);
        saved.Frozen.Should().BeNull();
        module.to(ScalarType.BFloat16);
        FluentActions.Invoking(() => ModelShape.Of(module).EnsureSame(saved, "run")).Should().Throw<InvalidDataException>()
            .WithMessage("*(5 differences)*'embedding.weight': Float32 [128, 16] in the checkpoint, BFloat16 [128, 16] here*");
    }
}
