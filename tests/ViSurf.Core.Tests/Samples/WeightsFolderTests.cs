using FineTune.Settings;
using FluentAssertions;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Samples;

public sealed class WeightsFolderTests
{
    [Fact]
    public void A_checkpoint_its_weights_or_the_base_is_found_and_anything_else_says_what_there_is()
    {
        using var output = new TemporaryDirectory();
        var missing = output.File("checkpoints/step-00000009");
        Naming(missing).Should().Throw<InvalidDataException>().WithMessage($"--evaluate: expected a checkpoint*got '{missing}', "
            + $"which is not there*holds no checkpoints yet.");

        var step = Directory.CreateDirectory(output.File("checkpoints/step-00000002/weights")).Parent!.FullName;
        Directory.CreateDirectory(output.File("checkpoints/step-00000004/weights"));
        Naming(missing).Should().Throw<InvalidDataException>().WithMessage($"*In '{output.File("checkpoints")}' there are: "
            + $"step-00000002, step-00000004.");
        Naming(output.Path).Should().Throw<InvalidDataException>().WithMessage("*which holds no weights*step-00000002, step-00000004.");
        WeightsFolder.Of(step, output.Path).Should().Be(Path.Combine(step, "weights"));
        WeightsFolder.Of("base", output.Path).Should().Be("base");
        File.WriteAllText(Path.Combine(step, "weights", "model.safetensors"), "");
        WeightsFolder.Of(Path.Combine(step, "weights"), output.Path).Should().Be(Path.Combine(step, "weights"));

        Action Naming(string named) => () => WeightsFolder.Of(named, output.Path);
    }
}
