using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Data;

public sealed class ImageSourceTests
{
    [Fact]
    public void A_file_is_opened_when_it_is_read_and_not_before()
    {
        using var folder = new TemporaryDirectory();
        var image = ImageSource.FromFile(folder.File("late.png"));
        image.Invoking(i => i.ReadAllBytes()).Should().Throw<FileNotFoundException>()
            .WithMessage($"Expected a picture at '{image.Path}', found no such file. Check the path in the data row.");
        File.WriteAllBytes(image.Path!, [1, 2, 3]);
        image.ReadAllBytes().ToArray().Should().Equal(1, 2, 3);
        image.Name.Should().Be(image.Path);
    }

    [Fact]
    public void Bytes_in_memory_have_a_name_and_no_path()
    {
        var image = ImageSource.FromBytes(new byte[] { 4, 5 }, "camera 2");
        (image.Name, image.Path).Should().Be(("camera 2", null));
        image.ReadAllBytes().ToArray().Should().Equal(4, 5);
    }

    [Fact]
    public void A_picture_has_a_name()
    {
        FluentActions.Invoking(() => ImageSource.FromFile(" ")).Should().Throw<ArgumentException>().WithMessage("Expected path to be a non-blank text*");
        FluentActions.Invoking(() => ImageSource.FromBytes(default, "")).Should().Throw<ArgumentException>().WithMessage("Expected name to be a non-blank text*");
    }
}
